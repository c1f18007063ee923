import type { PublicPost } from '../../world/posts.ts';
import type { ContainerKind } from './content.ts';

export interface InstagramPost extends PublicPost {
  shortcode: string;
  kind: ContainerKind;
  isVideo: boolean;
}
